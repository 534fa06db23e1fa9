import * as z from 'zod';
import { plainText, planFields, stepFields, stepSchema, words } from './plan-schema.ts';

const { check, repair, rollback, id: _id, needs: _needs, title, ...execution } = stepFields;

/** Lists the modules of an installation. */
export const manifestSchema = z.strictObject({
  ...planFields,
  modules: z
    .array(
      z.union(
        [
          z.string().min(1),
          z.strictObject({
            path: z.string().min(1).describe('folder of the module, relative to the manifest'),
            optional: z.boolean().optional().describe('a failure is recorded, and the rest goes on'),
          }),
        ],
        { error: 'must be the folder of a module, or {path, optional}' },
      ),
    )
    .min(1),
});

/** `module.yaml` in the folder of a module. */
export const moduleSchema = z.strictObject({
  name: z.string().min(1).optional().describe("[default: the folder's name]"),
  version: plainText.optional().describe('another one is installed again'),
  title,
  needs: z.array(z.string()).optional().describe('names of other modules of the manifest'),
  install: words.optional().describe('command, run in the folder of the module'),
  check,
  repair,
  uninstall: rollback,
  steps: z.array(stepSchema).min(1).optional().describe('in place of install: steps of any kind, one after the other'),
  ...execution,
});

export type ManifestSpec = z.infer<typeof manifestSchema>;
export type ModuleSpec = z.infer<typeof moduleSchema>;

/** The published JSON Schema of manifests. */
export function manifestJsonSchema(): object {
  return z.toJSONSchema(manifestSchema.meta({ title: 'Module manifest of contextcore-install' }), { io: 'input' });
}

/** The published JSON Schema of module.yaml; its steps are those of plans, by reference. */
export function moduleJsonSchema(): object {
  const oneOf = [{ required: ['install'] }, { required: ['steps'] }];
  const own = z.toJSONSchema(moduleSchema.meta({ title: 'Module of contextcore-install', oneOf }), { io: 'input' });
  return { ...own, properties: { ...own.properties, steps: { $ref: 'plan.schema.json#/properties/steps' } } };
}
