import { Option } from '@commander-js/extra-typings';
import { atLeast } from '../../shared/option-values';

/** The option of every command that changes a bucket's configuration. Where it is consistent at once, 0 will do. */
export const readPauseOption = () =>
  new Option(
    '--read-pause <seconds>',
    "between two reads of the source's policy and lifecycle, of which ten in a row must agree; at 0 one is believed",
  )
    .argParser(atLeast(0))
    .env('MIGRATE_BUCKETS_READ_PAUSE')
    .default(3);
