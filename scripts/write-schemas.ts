/** Writes the JSON Schemas that are made from zod: `npm run schemas`, after a change of what plans or chains may say. */
import { writeFileSync } from 'node:fs';
import * as z from 'zod';
import { chainFileSchema } from '../src/images/chains/chain-file.ts';
import { manifestJsonSchema, moduleJsonSchema } from '../src/plans/user/module-schema.ts';
import { planJsonSchema } from '../src/plans/user/plan-schema.ts';

const schemas = {
  plan: await planJsonSchema(),
  modules: manifestJsonSchema(),
  module: moduleJsonSchema(),
  'image-chains': z.toJSONSchema(chainFileSchema),
};
for (const [name, schema] of Object.entries(schemas)) {
  writeFileSync(new URL(`../schemas/${name}.schema.json`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);
}
