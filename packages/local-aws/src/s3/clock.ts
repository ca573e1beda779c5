/** A moment in the two forms that S3 writes. Whole seconds: that is all that S3 keeps of LastModified. */
export interface Moment {
  readonly milliseconds: number;
  /** `2026-01-31T12:00:00.000Z`, in XML. */
  readonly iso: string;
  /** `Sat, 31 Jan 2026 12:00:00 GMT`, in headers. */
  readonly http: string;
}

let latest: Moment | undefined;

/** The current second. Formatting a date costs more than answering a copy, so it is done once a second. */
export function currentMoment(): Moment {
  const milliseconds = Math.floor(Date.now() / 1000) * 1000;
  if (latest?.milliseconds !== milliseconds) {
    const date = new Date(milliseconds);
    latest = { milliseconds, iso: date.toISOString(), http: date.toUTCString() };
  }
  return latest;
}
