/** Time, as a port: passes are told what time it is. */
export interface Clock {
  nowMs(): number;
}
