/** The time of this process. Inside SQL, time comes from PostgreSQL. No column is written by both. */
export interface Clock {
  now(): Date;
}

export const wallClock: Clock = { now: () => new Date() };
