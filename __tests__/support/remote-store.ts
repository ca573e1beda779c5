import {
  createRemoteStore,
  type RemoteStoreProps,
} from '../../functions/enhanced-compaction/store/remote-store';
import { DIMENSIONS, MODEL, quietTelemetry, type World } from './compaction-harness';

/** The store of a world's lines on a Chroma server. */
export const remoteStore = (
  { s3, bucket, table }: World,
  place: Pick<RemoteStoreProps, 'url'> & Partial<RemoteStoreProps>,
) =>
  createRemoteStore({
    collection: 'lines',
    s3,
    bucket,
    table,
    telemetry: quietTelemetry(),
    tenant: undefined,
    database: undefined,
    space: 'l2',
    model: MODEL,
    dimensions: DIMENSIONS,
    ...place,
  });
