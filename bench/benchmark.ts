/** What a benchmark is to main.ts. */
import type { Row } from './table.ts';

export interface BenchmarkOptions {
  /** Small sizes and few repetitions. */
  quick: boolean;
  /** Progress for whoever waits. */
  say(text: string): void;
}

export interface Benchmark {
  name: string;
  title: string;
  run(options: BenchmarkOptions): Promise<{ rows: Row[]; notes: string[] }>;
}
