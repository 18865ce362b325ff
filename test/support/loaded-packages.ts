/** Given to node with --import: says at the end which packages the program has loaded. */
import { registerHooks } from 'node:module';

const loaded = new Set<string>();
registerHooks({
  load(url, context, next) {
    const name = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
    if (name !== undefined) loaded.add(name);
    return next(url, context);
  },
});
process.once('exit', () => process.stdout.write(`loaded: ${[...loaded].toSorted().join(', ')}\n`));
