import { setFlagsFromString } from 'node:v8';
import { Command } from '@commander-js/extra-typings';
import { refusing } from '../shared/command';
import { EXIT_CODES_HELP } from '../shared/exit-codes';
import { runProgram } from '../shared/run-program';
import { apply } from './commands/apply';
import { authority } from './commands/authority';
import { completion } from './commands/completion';
import { discover } from './commands/discover';
import { doctor } from './commands/doctor';
import { iamPolicy } from './commands/iam-policy';
import { plan } from './commands/plan';
import { report } from './commands/report';
import { retire } from './commands/retire';
import { rollback } from './commands/rollback';
import { show } from './commands/show';
import { status } from './commands/status';
import { unfreeze } from './commands/unfreeze';
import { verify } from './commands/verify';
import { asksForVersion, version } from './commands/version';
import { version as release } from './package.json';

const program = refusing(new Command('migrate-buckets'))
  .version(release)
  .description(
    'Finds out which Chroma bucket is the truth, moves it into one bucket, proves the copy, and retires the old one.',
  )
  .addHelpText(
    'after',
    `
The way through:
  $ migrate-buckets discover                                  which buckets there are
  $ migrate-buckets authority                                 which one is the truth, and why
  $ migrate-buckets doctor --source my-old --dest my-new     what the server can do
  $ migrate-buckets plan --source auto --dest my-new-bucket   what would be done
  $ migrate-buckets apply plan.json                           copy, freeze, catch up, verify
  $ migrate-buckets retire plan.json                          empty the old bucket, once all is proven
  $ migrate-buckets report plan.json                          why that was safe, as one page

Endpoints, profile and region come from the AWS SDK's own variables (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL_S3).
${EXIT_CODES_HELP}`,
  );

const commands = [
  discover,
  authority,
  doctor,
  plan,
  show,
  iamPolicy,
  apply,
  verify,
  retire,
  report,
  unfreeze,
  rollback,
  status,
  version,
];

// What a listing allocates is garbage at once. Left alone, the space for that grows to 32 MB, under Node 24 to 128 MB
// (`npm run bench:cli-memory`), and nothing gets faster by it.
setFlagsFromString('--semi-space-growth-factor=1');

const argv = process.argv.slice(2);
void runProgram(program, [...commands, completion(commands)], asksForVersion(argv) ?? argv);
