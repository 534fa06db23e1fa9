/** Writes the JSON Schemas that are made from zod: `npm run schemas`, after a change of what plans may say. */
import { writeFileSync } from 'node:fs';
import { planJsonSchema } from '../src/plans/user/plan-schema.ts';

const path = new URL('../schemas/plan.schema.json', import.meta.url);
writeFileSync(path, `${JSON.stringify(await planJsonSchema(), null, 2)}\n`);
