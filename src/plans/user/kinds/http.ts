import * as z from 'zod';
import { httpBody, secretsIn } from '../../../steps/http/http-step.ts';
import { commonFields, defineKind, GUARDED } from './kind.ts';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** What an answer must be like; shared with `wait`. */
export const expectedFields = {
  status: z
    .union([z.int(), z.array(z.int()).min(1)], { error: 'must be a status such as 200, or a list of them' })
    .optional()
    .describe('of the answer [default: any 2xx]'),
  matches: z.string().optional().describe('regular expression that the body must match'),
  json: z.record(z.string(), scalar).optional().describe('values in a JSON body by dotted path, such as data.0.name'),
};

/** `http`: one request, and what its answer must be. */
export const http = defineKind({
  key: 'http',
  describe: 'one HTTP request, and what its answer must be like',
  shorthand: 'url',
  schema: z.strictObject({
    method: z
      .string()
      .regex(/^[A-Za-z]+$/)
      .optional()
      .describe('[default: GET]'),
    url: z.url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' }),
    headers: z.record(z.string(), z.string()).optional().describe(`\${NAME} in a value is a secret of the step`),
    body: z
      .union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())])
      .optional()
      .describe(`a text, or what is sent as JSON; \${NAME} in it is a secret of the step`),
    ...expectedFields,
    save: z.record(z.string(), z.string()).optional().describe('outputs by name: path in the JSON body, or . for all'),
  }),
  step: (spec, common) => {
    const { url, headers = {}, body, save = {} } = spec;
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const json = text !== body && !Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
    for (const [key, value] of [...Object.entries(headers), ['', text ?? ''] as const]) {
      const missing = secretsIn(value).find((name) => !common.secrets.includes(name));
      if (missing === undefined) continue;
      const where = key === '' ? ['body'] : ['headers', key];
      throw common.wrong(where, `\${${missing}} is no secret of the step`, `add a line  secrets: [${missing}]`);
    }
    return {
      ...commonFields(common),
      policy: GUARDED,
      ...httpBody({
        method: (spec.method ?? 'GET').toUpperCase(),
        url,
        headers: json ? { ...headers, 'content-type': 'application/json' } : headers,
        ...(text === undefined ? {} : { body: text }),
        expected: readExpected(spec, common.wrong),
        save,
        policy: common.policy,
      }),
    };
  },
});

type Written = z.output<z.ZodObject<typeof expectedFields>>;

/** @throws what `wrong` makes, for a pattern that is none */
export function readExpected({ status, matches, json }: Written, wrong: (keys: string[], why: string) => Error) {
  if (matches !== undefined) {
    try {
      new RegExp(matches);
    } catch (thrown) {
      throw wrong(['matches'], (thrown as Error).message);
    }
  }
  return {
    ...(status === undefined ? {} : { status: [status].flat() }),
    ...(matches === undefined ? {} : { matches }),
    ...(json === undefined ? {} : { json }),
  };
}
