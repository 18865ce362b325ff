import type { Command } from '../command.ts';
import { diagnose } from '../diagnose.ts';
import { EXIT } from '../exit-codes.ts';
import { paint } from '../output.ts';

export const doctor: Command = {
  name: 'doctor',
  arguments: '',
  summary: 'check that everything this machine needs is there, and that the cloud answers',
  examples: ['doctor --json'],
  async run({ json, say, sayJson, session }) {
    const findings = await diagnose(session);
    if (json) sayJson(findings);
    else
      for (const { ok, what, found, remedy } of findings) {
        say([ok ? paint('green', 'ok ') : paint('red', 'NO '), ` ${what}: ${found}`]);
        if (!ok) say(`      what to do: ${remedy}`);
      }
    return findings.every((finding) => finding.ok) ? EXIT.ok : EXIT.failure;
  },
};
