/** Shorter values would blank out half of a log and protect nothing. */
export const SHORTEST_SECRET = 4;

/** Line lengths of PEM and MIME, at which base64 is usually broken. */
const BASE64_LINES = [64, 76];

/** The ways in which a secret is usually written, besides as it is. Too short ones are left out. */
export function formsOf(secret: string): readonly string[] {
  // Half a surrogate pair cannot be encoded; printed, it becomes the replacement character.
  const value = secret.toWellFormed();
  const lines = value.includes('\n') ? value.split('\n').map((line) => line.trim()) : [];
  const json = JSON.stringify(value).slice(1, -1);
  const forms = [value, ...lines, json, ...base64Forms(Buffer.from(value, 'utf8')), ...urlForms(value)];
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST_SECRET);
}

/** Alone, broken into lines, and inside of something longer, such as `user:secret` in a header. */
function base64Forms(bytes: Buffer): string[] {
  const alone = bytes.toString('base64');
  const broken = BASE64_LINES.flatMap((length) => alone.match(new RegExp(`.{1,${length}}`, 'g')) ?? []);
  const inside = [0, 1, 2].map((before) => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // Only characters all of whose six bits are the secret's: the others depend on its neighbours.
    return shifted.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  return [alone, alone.replaceAll('=', ''), ...broken, ...inside].flatMap((form) => [
    form,
    form.replaceAll('+', '-').replaceAll('/', '_'),
  ]);
}

/** Encoders differ in which of the reserved characters they leave, and in the case of the digits. */
function urlForms(value: string): string[] {
  const usual = encodeURIComponent(value);
  const strict = usual.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const encoded = [usual, strict].flatMap((form) => [form, form.replaceAll('%2F', '/'), form.replaceAll('%20', '+')]);
  return encoded.flatMap((form) => [form, form.replace(/%../g, (code) => code.toLowerCase())]);
}
