import { COLLECTIONS } from '../contracts/collections';
import { pendingAttribute, pendingIndex } from '../contracts/compaction-run';
import { hasFileSystem, type Settings } from './config-schema';
import { keyArns } from './key-arns';

/** What is wrong between values that are each fine alone, so that a plan would be made and its apply fail, or worse. */
export function contradictions(settings: Settings, environment: string): string[] {
  return [
    ...wrongPermission(settings, environment),
    ...wrongState(settings, environment),
    ...wrongRetention(settings),
    ...wrongEndpoint(settings),
    ...wrongNetwork(settings),
    ...wrongZones(settings),
    ...wrongArns(settings),
    ...wrongDimensions(settings),
    ...wrongBuckets(settings),
    ...wrongIndexes(settings),
    ...wrongAlarms(settings),
  ];
}

/** `us-east-1a`; local zones, such as `us-west-2-lax-1a`, begin with their region, too. */
const wrongZones = ({ region, network }: Settings): string[] =>
  (network.availabilityZones ?? [])
    .filter((zone) => !zone.startsWith(region) || !/^[a-z-]/.test(zone.slice(region.length)))
    .map(
      (zone) =>
        `network.availabilityZones names "${zone}"; allowed: zones of the region ${region}, such as "${region}a".`,
    );

function wrongArns(settings: Settings): string[] {
  const { region, encryption, consumer } = settings;
  const named = {
    ...keyArns(settings),
    ...Object.fromEntries(
      encryption.formerKeyArns.map((arn, index) => [`encryption.formerKeyArns.${index}`, arn]),
    ),
    'consumer.legacyFunction': typeof consumer === 'object' ? consumer.legacyFunction : undefined,
  };
  return Object.entries(named).flatMap(([path, arn]) => {
    const its = arn?.startsWith('arn:') ? arn.split(':')[3] : undefined;
    if (its === undefined || its === region) return [];
    return [
      `${path} is in ${its}; allowed: one in the pipeline's region, ${region}, since nothing else is reached from there.`,
    ];
  });
}

/** https://platform.openai.com/docs/guides/embeddings: the third generation can be shortened, the second cannot. */
const OPENAI_DIMENSIONS: Readonly<Record<string, { readonly most: number; readonly least: number }>> = {
  'text-embedding-3-small': { least: 1, most: 1536 },
  'text-embedding-3-large': { least: 1, most: 3072 },
  'text-embedding-ada-002': { least: 1536, most: 1536 },
};

function wrongDimensions({ embedding: { model, dimensions } }: Settings): string[] {
  const known = OPENAI_DIMENSIONS[model];
  if (known === undefined || (dimensions >= known.least && dimensions <= known.most)) return [];
  const allowed = known.least === known.most ? `${known.most}` : `at most ${known.most}`;
  return [`embedding.dimensions is ${dimensions}; allowed: ${allowed}, which is what ${model} gives.`];
}

function wrongState({ backend }: Settings, environment: string): string[] {
  const key = backend.type === 's3' ? backend.key : undefined;
  if (key === undefined || key.includes(environment)) return [];
  return [
    `backend.key is "${key}"; allowed: a key with this environment's name in it ("${environment}"), or nothing. A copied file must not keep its state in another environment's place.`,
  ];
}

function wrongBuckets({ backend, bucketName, adopt }: Settings): string[] {
  if (adopt.bucket !== undefined && bucketName !== undefined) {
    return ['bucketName and adopt.bucket both name the bucket; allowed: one of them.'];
  }
  if (backend.type !== 's3') return [];
  const data = adopt.bucket?.name ?? bucketName;
  if (data !== backend.bucket) return [];
  return [
    `backend.bucket is "${data}", which is the data's bucket, too; allowed: another one. Whoever empties or moves the data would take Terraform's state along.`,
  ];
}

/** An adopted table's indexes by which the pipeline finds its work, and attributes that would have two types. */
function wrongIndexes({ adopt: { table } }: Settings): string[] {
  if (table?.as !== 'import') return [];
  const problems: string[] = [];
  const types = new Map([
    ['PK', 'S'],
    ['SK', 'S'],
    ['created_at', 'S'],
    ...COLLECTIONS.map((collection) => [pendingAttribute(collection), 'S'] as const),
  ]);
  const names = new Set<string>();
  for (const { name, hashKey, rangeKey } of table.indexes) {
    const path = `adopt.table.indexes names "${name}"`;
    if (names.has(name)) problems.push(`${path} twice; allowed: each index once.`);
    names.add(name);
    const collection = COLLECTIONS.find((each) => pendingIndex(each) === name);
    if (collection !== undefined) {
      problems.push(
        `${path}, which the stack adds itself; allowed: nothing where its keys are "${pendingAttribute(collection)}" and "created_at" and it has all attributes. An index with other keys must get another name.`,
      );
      continue;
    }
    for (const key of [hashKey, ...(rangeKey === undefined ? [] : [rangeKey])]) {
      const known = types.get(key.name);
      if (known !== undefined && known !== key.type) {
        problems.push(
          `${path} with "${key.name}" of type ${key.type}; allowed: ${known}, which it has elsewhere in the table.`,
        );
      }
      types.set(key.name, key.type);
    }
  }
  return problems;
}

const wrongAlarms = ({ alarms, compaction }: Settings): string[] => {
  const least = compaction.checkpointMinutes * 60;
  if (alarms.snapshotSeconds > least) return [];
  return [
    `alarms.snapshotSeconds is ${alarms.snapshotSeconds}; allowed: more than ${least}, the seconds of compaction.checkpointMinutes, since no snapshot comes sooner.`,
  ];
};

function wrongPermission({ ephemeral }: Settings, environment: string): string[] {
  if (ephemeral === undefined || ephemeral === environment) return [];
  return [
    `ephemeral is "${ephemeral}"; allowed: "${environment}", this environment's own name typed out, or nothing. A copied file must not take the permission to destroy data along.`,
  ];
}

function wrongRetention({ retention }: Settings): string[] {
  const { queueDays, deadLetterDays, coveredDeltaDays } = retention;
  const problems: string[] = [];
  if (deadLetterDays <= queueDays) {
    problems.push(
      `retention.deadLetterDays is ${deadLetterDays}; allowed: more than retention.queueDays (${queueDays}), since a dead letter keeps its first arrival's clock.`,
    );
  }
  if (coveredDeltaDays <= queueDays + deadLetterDays) {
    problems.push(
      `retention.coveredDeltaDays is ${coveredDeltaDays}; allowed: more than queueDays + deadLetterDays (${queueDays + deadLetterDays}), so that a redriven message still finds its delta.`,
    );
  }
  return problems;
}

function wrongEndpoint({ embedding: { apiVersion, baseUrl } }: Settings): string[] {
  if (apiVersion === undefined || baseUrl !== undefined) return [];
  return [
    'embedding.apiVersion is set without embedding.baseUrl; allowed: both, since only a deployment of Azure OpenAI has a version.',
  ];
}

function wrongNetwork({ adopt, chroma }: Settings): string[] {
  if (adopt.vpc === undefined || hasFileSystem({ chroma })) return [];
  const setting = chroma.mode === 'embedded' ? `cache is "${chroma.cache}"` : `mode is "${chroma.mode}"`;
  return [
    `adopt.vpc is set while chroma.${setting}; allowed: only with "embedded" and "efs", since nothing else uses a network of ours.`,
  ];
}
