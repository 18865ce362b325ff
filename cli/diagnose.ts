/** `doctor`: what this machine has, and whether the cloud that is configured answers. Each finding says what to do. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { paths } from '../functions/job/names.ts';
import { reach, type Session } from './session.ts';

export interface Finding {
  what: string;
  ok: boolean;
  found: string;
  remedy: string;
}

const run = promisify(execFile);
const SETUP = 'npm run setup';

export async function diagnose(open: () => Promise<Session>): Promise<Finding[]> {
  const tools = await Promise.all([
    program('R', 'Rscript', ['--version'], SETUP),
    program('Redis', 'redis-server', ['--version'], SETUP),
    program(
      'R packages',
      'Rscript',
      ['-e', 'for (p in c("foreach", "doRedis", "redux", "foreachfleet")) cat(p, format(packageVersion(p)), "")'],
      SETUP,
    ),
  ]);
  const node: Finding = {
    what: 'Node.js',
    ok: Number(process.versions.node.split('.')[0]) >= 22,
    found: process.version,
    remedy: SETUP,
  };
  return [node, ...tools, ...(await checkCloud(open))];
}

async function program(what: string, file: string, args: string[], remedy: string): Promise<Finding> {
  try {
    const { stdout, stderr } = await run(file, args, { timeout: 20_000 });
    return { what, ok: true, found: (stdout || stderr).trim().split('\n')[0] ?? '', remedy };
  } catch (error) {
    return {
      what,
      ok: false,
      found: error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'not found',
      remedy,
    };
  }
}

/** Reading the three buckets is what every command needs. */
async function checkCloud(open: () => Promise<Session>): Promise<Finding[]> {
  try {
    const session = await open();
    const { uploads, state, results } = session.buckets;
    const where = session.local ? 'local cloud' : 'installation';
    const answers = [uploads, state, results].map(async (bucket): Promise<Finding> => {
      const remedy = session.local
        ? 'start it with: foreach-fleet local'
        : `check the bucket's name and your permission to list it`;
      const found = await reach(session, () => bucket.list(paths.live(''))).then(
        () => ({ ok: true, found: 'answers' }),
        (error: unknown) => ({ ok: false, found: error instanceof Error ? error.message : String(error) }),
      );
      return { what: `${where}, bucket ${bucket.name}`, ...found, remedy };
    });
    return await Promise.all(answers);
  } catch (error) {
    return [
      {
        what: 'cloud',
        ok: false,
        found: error instanceof Error ? error.message : String(error),
        remedy: 'start one with: foreach-fleet local',
      },
    ];
  }
}
