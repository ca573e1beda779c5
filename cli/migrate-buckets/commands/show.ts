import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import type { NotCarried, Plan, State } from '../../../contracts/migrate-buckets/plan';
import { command, declare, type Outcome } from '../../shared/command';
import { counted, countedWere } from '../../shared/counted';
import { EXIT } from '../../shared/exit-codes';
import { bad, bytes, duration, faint, heading, table } from '../../shared/reporters/text';
import { givenUp, NOT_FROZEN } from '../doctor/given-up';
import { describeLeftOut } from './verify';

export const show = command(
  declare(
    'show',
    'Show a plan, and how far its migration is. Read-only, needs no AWS.',
    'migrate-buckets show plan.json',
  ).argument('<plan>', 'the file that plan wrote'),
  async (_context, [path], { verbose }): Promise<Outcome<ResultOf<'show'>>> => {
    const {
      planFiles,
      readManifest,
      readPlan,
    }: typeof import('../plan-files/plan-file') = require('../plan-files/plan-file');
    const { readState }: typeof import('../plan-files/state') = require('../plan-files/state');
    const files = planFiles(path);
    const plan = await readPlan(path);
    for await (const _ of readManifest(files.manifest, plan));
    const state = (await readState(files.state)) ?? null;
    return {
      exitCode: EXIT.ok,
      data: { plan, state },
      text: [describePlan(plan, path, verbose), ...describeState(state, verbose)].join('\n'),
    };
  },
);

/** A plan for people. */
export function describePlan(plan: Plan, path: string, verbose: boolean | undefined): string {
  const {
    describePlacement,
  }: typeof import('../listing/describe-placement') = require('../listing/describe-placement');
  const {
    describeExpiry,
  }: typeof import('../planning/describe-expiry') = require('../planning/describe-expiry');
  const { actions, requests, stranded } = plan;
  const rows = Object.entries(actions).filter(([, { objects }]) => objects > 0);
  return [
    heading(`${plan.source} → ${plan.destination}`),
    ...[...plan.authority, ...describePlacement(plan)].map((sentence) => `  ${sentence}`),
    table(
      ['action', 'objects', 'size'],
      rows.map(([action, tally]) => [EXPLAINED[action] ?? action, tally.objects, bytes(tally.bytes)]),
    ),
    ...(plan.left_out === undefined ? [] : [bad(describeLeftOut(plan.left_out))]),
    ...(stranded.included > 0
      ? [`${stranded.included} of them are stranded deltas from other buckets.`]
      : []),
    ...stranded.accepted_lost.map((key) => `You accept to lose ${key}.`),
    ...(plan.noncurrent_versions
      ? [`${plan.noncurrent_versions} older versions stay behind: only current objects are migrated.`]
      : []),
    ...(plan.expiry === undefined ? [] : describeExpiry(plan.destination, plan.expiry).map(bad)),
    ...(plan.not_carried === undefined ? [] : describeNotCarried(plan.not_carried)),
    `About ${requests.copy} copies and ${requests.list} listings: $${plan.estimated_cost.toFixed(4)}, ${duration(plan.estimated_time)}, by the ${plan.engine} engine.`,
    ...describeTransfer(plan),
    ...plan.server
      .filter(({ result }) => result === 'missing' || result === 'denied')
      .map(({ capability, bucket, evidence }) => bad(`${bucket} lacks ${capability}: ${evidence}`)),
    ...(verbose === true
      ? describeInFull(plan)
      : [`The permissions that it takes: migrate-buckets iam-policy ${path}`]),
    faint(`digest ${plan.digest}`),
    `Next: migrate-buckets apply ${path}`,
  ].join('\n');
}

function describeTransfer({ source_region: from, region, transfer }: Plan): string[] {
  if (transfer === undefined) return [];
  const way = from === region ? `to ${region}` : `from ${from} to ${region}`;
  return [
    `$${transfer.cost.toFixed(4)} of it is for moving ${bytes(transfer.bytes)} ${way} (${transfer.price}).`,
  ];
}

function describeInFull({
  permissions,
  server,
  region,
  source_region,
  owner,
  created_at: at,
  requests,
}: Plan): string[] {
  return [
    heading('Permissions that it takes'),
    ...permissions.map(
      ({ actions: names, resource, retire }) =>
        `  ${names.join(', ')} on ${resource}${retire === true ? ' (to retire it)' : ''}`,
    ),
    heading('What reading shows of the server'),
    ...server.map(
      ({ capability, bucket, result, evidence }) => `  ${capability} in ${bucket}: ${result}. ${evidence}`,
    ),
    `Made at ${at}, in ${source_region ?? region}${owner === null ? '' : `, for the account ${owner}`}. Objects that are read: ${requests.read}.`,
  ];
}

function describeNotCarried({ objects, examined, bucket, ...counts }: NotCarried): string[] {
  const found = [
    [counts.kms_keys, 'encrypted with a key of KMS'],
    [counts.website_redirects, 'with a website redirect'],
    [counts.object_locks, 'under retention or legal hold'],
  ] as const;
  const some = found.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
  const whole =
    examined === objects
      ? `all ${counted(objects, 'object')}`
      : `${examined} of ${objects} objects (--deep asks all)`;
  return [
    `Not carried, by a look at ${whole}: ${some.join(', ') || 'nothing'}.`,
    ...bucket.map((sentence) => `  ${sentence}`),
  ];
}

const EXPLAINED: Record<string, string> = {
  copy: 'copy',
  replace: 'replace what is there',
  keep: 'keep: already there',
  skip: 'skip: decoys of the old infrastructure',
};

/** How far a migration is, and what it does without. */
function describeState(state: State | null, verbose: boolean | undefined): string[] {
  if (state === null) return ['It was not applied yet.'];
  const { phase, server, no_freeze } = state;
  const accepted = server?.accepted_missing ?? [];
  return [
    ...accepted.map(({ capability }) =>
      bad(`Without ${capability}, as you accepted: ${givenUp(capability)}.`),
    ),
    ...(no_freeze ? [bad(`${NOT_FROZEN}.`)] : []),
    ...(verbose === true ? describeStateInFull(state) : []),
    no_freeze && phase === 'verified' ? 'The copy is verified. Run retire.' : PHASES[phase],
  ];
}

function describeStateInFull({ started_at: at, saved, verified, overrides, server }: State): string[] {
  const mark = saved?.mark;
  const levels = Object.entries(verified?.levels ?? {}).map(([level, count]) => `${count} ${level}`);
  return [
    `Begun at ${at}.`,
    ...(server === null ? [] : [`The server was examined at ${server.at}.`]),
    ...(mark === undefined ? [] : [`Frozen at ${mark.at} by ${mark.by}.`]),
    ...(verified === null
      ? []
      : [
          `${countedWere(verified.objects, 'object')} verified at ${verified.at} (${levels.join(', ')}), digest ${verified.digest}.`,
        ]),
    ...overrides.map(({ gate, at: when }) => bad(`The gate ${gate} was overridden at ${when}.`)),
  ];
}

const PHASES: Record<State['phase'], string> = {
  copying: 'It has begun; the source is as it was. Run apply to go on.',
  freezing: 'It stopped while freezing the source. Run apply to go on, or unfreeze.',
  frozen: 'The source is frozen. Run apply to go on, or unfreeze.',
  verified: 'The copy is verified and the source frozen. Run retire, or unfreeze.',
  retiring: 'The source is being retired. Run retire again to go on.',
  retired: 'The source is retired.',
};
