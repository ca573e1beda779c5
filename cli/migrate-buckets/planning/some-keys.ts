import { counted } from '../../shared/counted';
import { oneLine } from '../../shared/reporters/text';

const NAMED = 5;

/** Keys of which the first few are named and the others counted. */
export class SomeKeys {
  count = 0;
  private readonly first: string[] = [];

  add(key: string): void {
    if (++this.count <= NAMED) this.first.push(oneLine(key));
  }

  toString(): string {
    return `${counted(this.count, 'key')} (${this.first.join(', ')}${this.count > NAMED ? ', …' : ''})`;
  }
}
