import type { ProgramPin } from './pins.ts';

export interface Release {
  url: string;
  sumsUrl: string;
  /** Path inside the archive; absent: the download is the program itself. */
  member?: string;
}

/** Names of processor kinds as Go releases use them. */
const ARCHES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const SYSTEMS = ['linux', 'darwin'];

/**
 * Addresses of a pinned release for a system; undefined where none is published.
 *
 * @param baseUrl replaces `https://` of every address (CONTEXTCORE_TOOLS_BASE_URL): the mirror keeps host and path below it
 */
export function releaseOf(
  pin: ProgramPin,
  baseUrl: string | undefined,
  platform: string = process.platform,
  arch: string = process.arch,
): Release | undefined {
  const goArch = ARCHES[arch];
  if (goArch === undefined || !SYSTEMS.includes(platform)) return undefined;
  const fill = (text: string) =>
    text.replaceAll('{version}', pin.version).replaceAll('{os}', platform).replaceAll('{arch}', goArch);
  const address = (text: string) =>
    baseUrl === undefined || baseUrl === ''
      ? fill(text)
      : fill(text).replace('https://', `${baseUrl.replace(/\/$/, '')}/`);
  const { url, sumsUrl, member } = pin.release;
  return { url: address(url), sumsUrl: address(sumsUrl), ...(member === undefined ? {} : { member: fill(member) }) };
}
