/** Writes docs/errors.md: `npm run errors`, after a change of the classes, the table of evidence or the policies. */
import { writeFileSync } from 'node:fs';
import { renderErrorsPage } from '../src/resilience/errors-page.ts';

writeFileSync(new URL('../docs/errors.md', import.meta.url), renderErrorsPage());
