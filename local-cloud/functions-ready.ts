/** What the process of the functions and the one that started it tell each other. */
import * as z from 'zod';

/** By function. */
export const functionPorts = z.record(z.string(), z.number());

/** The first line of the process's output. */
export const readyLine = z.object({
  ready: z.literal(true),
  ports: functionPorts,
  /** Asked for, but not registered by the module. */
  missing: z.array(z.string()),
});
export type ReadyLine = z.infer<typeof readyLine>;
