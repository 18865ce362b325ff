/**
 * Bugs that this project once had, or that look harmless enough to come back: each as one replacement in a source file.
 * `find` must stand there exactly once; whoever changes that line changes the mutation with it.
 */
export interface Mutation {
  name: string;
  file: string;
  find: string;
  replace: string;
}

export const mutations: readonly Mutation[] = [
  {
    name: "whose write it was is not asked: another pass's record is taken for one's own",
    file: 'functions/reconcile/record-store.ts',
    find: 'if (there?.damage === null && there.record.nonce === record.nonce) return there.generation;',
    replace: 'if (there?.damage === null) return there.generation;',
  },
  {
    name: 'the record is written whatever others have written since',
    file: 'functions/reconcile/record-store.ts',
    find: "      ifGeneration,\n      contentType: 'application/json',\n    });\n  } catch",
    replace: "      contentType: 'application/json',\n    });\n  } catch",
  },
  {
    name: 'drained is a queue that is empty, whatever Redis still holds',
    file: 'functions/reconcile/plan-draining.ts',
    find: 'if (progress.notBackedUp > 0)',
    replace: 'if (progress.waiting > 0)',
  },
  {
    name: 'a job leaves the list of live ones before its end is recorded and told',
    file: 'functions/reconcile/reconcile-job.ts',
    find: '  const acted = await act(',
    replace:
      '  if (marker !== null && isTerminal(step.record.phase)) await removeMarker(state, step.record.job, marker);\n' +
      '  const acted = await act(',
  },
  {
    name: 'the gate is opened at the transition only',
    file: 'functions/reconcile/plan-running.ts',
    find: '    ...openGate(tended.seen.gate),\n',
    replace: '',
  },
  {
    name: 'only tasks that wait are counted, not those that run',
    file: 'functions/reconcile/size-fleet.ts',
    find: 'const tasks = demand.waiting + demand.running;',
    replace: 'const tasks = demand.waiting;',
  },
  {
    name: 'an object that is there already is believed to hold what was to be written',
    file: 'functions/reconcile/write-once.ts',
    find: 'return there?.bytes === bytes.length && there.md5 === md5Of(bytes);',
    replace: 'return there !== null;',
  },
  {
    name: "times are those of the instance's own clock",
    file: 'functions/reconcile/storage-clock.ts',
    find: 'return sinceMs >= 0 && sinceMs < BELIEVED_MS;',
    replace: 'return sinceMs < Infinity || sinceMs > 0;',
  },
  {
    name: 'winding down has no reserve: the limit is what was spent',
    file: 'functions/reconcile/plan-budget.ts',
    find: 'const worst = spending.usd + (spending.usdPerHour * WIND_DOWN_SECONDS) / 3600;',
    replace: 'const worst = spending.usd;',
  },
  {
    name: 'the sweep goes by records: a cluster without one is left alone',
    file: 'functions/reconcile/sweep.ts',
    find: '      loaded !== null &&\n      !isTerminal(loaded.record.phase) &&\n      loaded.record.cluster?.name',
    replace: '      loaded === null ||\n      !isTerminal(loaded.record.phase) &&\n      loaded.record.cluster?.name',
  },
];
