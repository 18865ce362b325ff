// Writes functions/job-file/job-schema.json, the JSON Schema of the job file for editors,
// from the zod schema that checks uploads.
import { writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { toEditorSchema } from '../functions/job-file/job-schema.ts';

const target = new URL('../functions/job-file/job-schema.json', import.meta.url);
const options = { parser: 'json', printWidth: 120 } as const;
writeFileSync(target, await format(JSON.stringify(toEditorSchema()), options));
