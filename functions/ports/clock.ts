/** Time, as a port: passes are told what time it is, and wait by it. */
export interface Clock {
  nowMs(): number;
  sleep(milliseconds: number): Promise<void>;
}
