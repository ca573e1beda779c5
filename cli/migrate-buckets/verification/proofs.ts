import type { ListedObject } from '../listing/listed-object';

/**
 * What was proven by reading it, under the two ETags that it had: as long as listings show these, nothing has to be
 * read again. Small: most objects are proven by their listing alone. Kept for one run, never on disk.
 */
export class Proofs {
  private readonly read = new Map<string, string>();

  add(source: ListedObject, destination: ListedObject): void {
    this.read.set(source.key, etagsOf(source, destination));
  }

  hold(source: ListedObject, destination: ListedObject): boolean {
    return this.read.get(source.key) === etagsOf(source, destination);
  }
}

const etagsOf = (source: ListedObject, destination: ListedObject): string =>
  JSON.stringify([source.etag, source.size, destination.etag, destination.size]);
