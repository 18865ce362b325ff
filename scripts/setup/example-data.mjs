// Data of the examples: made by their make-data.R on this machine instead of being kept in the repository.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand, hashTexts, logFile, projectFolder, readIfThere, run, say, SetupError, tail } from './project.mjs';

const examplesFolder = join(projectFolder, 'examples');

function findScripts() {
  if (!existsSync(examplesFolder)) return [];
  return readdirSync(examplesFolder)
    .sort()
    .map((name) => ({
      name,
      folder: join(examplesFolder, name),
      text: readIfThere(join(examplesFolder, name, 'make-data.R')),
    }))
    .filter(({ text }) => text !== undefined);
}

/** The files that a script saves, by the names in its text. */
function isDataMissing({ folder, text }) {
  return [...text.matchAll(/file\.path\(folder, "([^"]+)"\)/g)].some(([, file]) => !existsSync(join(folder, file)));
}

/** What the stamp must say for the data to be up to date; undefined files make it differ. */
export function expectedExampleData() {
  const scripts = findScripts();
  return scripts.some(isDataMissing) ? 'missing' : hashTexts(...scripts.map(({ text }) => text));
}

/** Runs the scripts again when one of them changed or a file is missing. */
export async function makeExampleData(stampedValue) {
  if (stampedValue === expectedExampleData()) return stampedValue;
  for (const { name, folder } of findScripts()) {
    say(`making the data of examples/${name}`);
    const result = await run(findCommand('Rscript'), ['--vanilla', 'make-data.R'], { cwd: folder });
    if (result.code !== 0) {
      throw new SetupError(`examples/${name}/make-data.R failed:\n${tail(result.output)}`, `Details: ${logFile}`);
    }
  }
  return expectedExampleData();
}
