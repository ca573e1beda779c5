import { ALL_LIVE, type Plan } from '../../../../contracts/migrate-buckets/plan';
import type { Proof, ReportedRetirement } from '../../../../contracts/migrate-buckets/report';
import type { Gate } from '../../../../contracts/migrate-buckets/retirement';

const nothing = { objects: 0, bytes: 0 };

export const plan = (changes: Partial<Plan> = {}): Plan => ({
  version: 2,
  created_at: '2026-01-01T00:00:00.000Z',
  source: 'old',
  destination: 'new',
  region: 'us-east-1',
  owner: null,
  digest: 'a'.repeat(64),
  placement: ALL_LIVE,
  engine: 'local',
  authority: [],
  actions: {
    copy: { objects: 3, bytes: 3072 },
    replace: nothing,
    conflict: nothing,
    keep: nothing,
    skip: nothing,
  },
  stranded: { included: 0, accepted_lost: [] },
  noncurrent_versions: 0,
  requests: { list: 1, copy: 3, read: 0 },
  estimated_cost: 0.01,
  estimated_time: 1,
  server: [],
  permissions: [],
  ...changes,
});

export const proof = (counts: Partial<Record<keyof Proof['levels'], number>> = { P3: 3 }): Proof => {
  const level = (objects = 0) => ({ objects, bytes: null });
  const { P4, P3, P2, P1, P0 } = counts;
  return {
    at: '2026-01-02T00:00:00.000Z',
    digest: 'b'.repeat(64),
    objects: Object.values(counts).reduce((sum, each) => sum + each, 0),
    bytes: 3072,
    levels: { P4: level(P4), P3: level(P3), P2: level(P2), P1: level(P1), P0: level(P0) },
    snapshots: [],
    fidelity: null,
  };
};

export const gate = (changes: Partial<Gate> = {}): Gate => ({
  name: 'soak',
  passed: true,
  overridden: false,
  evidence: 'A day.',
  ...changes,
});

export const retirement = (
  changes: Partial<ReportedRetirement> = {},
  retired: Partial<NonNullable<ReportedRetirement['retired']>> = {},
): ReportedRetirement => ({
  at: '2026-01-03T00:00:00.000Z',
  gates: [gate(), gate({ name: 'owner' })],
  inventory: { objects: { objects: 3, bytes: 3072 }, decoys: nothing, older: nothing, markers: 0 },
  hidden: 0,
  deleted: 3,
  retired: {
    mode: 'empty-keep',
    hidden: false,
    deleted: 3,
    uploads_aborted: 0,
    bucket_deleted: false,
    failed: [],
    failed_count: 0,
    left: { versions: 0, bytes: 0, newer: 0, newer_keys: [] },
    ...retired,
  },
  ...changes,
});
