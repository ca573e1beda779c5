import type { S3Client } from '@aws-sdk/client-s3';
import { failureOf } from './failure';

interface Command {
  readonly input: { readonly Bucket?: string };
}
type Send = (command: Command, options?: { readonly abortSignal?: AbortSignal }) => Promise<unknown>;

/**
 * Has a client send each request to the region of its bucket, by a client of that region. A copy goes to the region
 * of its destination: S3 finds the source's bucket by its name. The region of a bucket is asked of nobody: the first
 * request that is turned away tells it, and is sent again; from then on it is known.
 *
 * The SDK's own `followRegionRedirects` would not do: it forgets what it was told, so that each request would be sent
 * twice; it passes `AuthorizationHeaderMalformed` by; and while it follows one answer, it changes the region of all
 * other requests in flight.
 *
 * @param clientOf - makes a client of another region, once for each.
 */
export function sendToRegions(home: S3Client, clientOf: (region: string) => S3Client): void {
  const regions = new Map<string, string>();
  const clients = new Map<string, Send>();
  // The SDK declares one signature for each command; all of them are this one.
  const sendHome = home.send.bind(home) as unknown as Send;
  const senderOf = (region: string): Send => {
    const known = clients.get(region);
    if (known !== undefined) return known;
    const client = clientOf(region);
    const send = client.send.bind(client) as unknown as Send;
    clients.set(region, send);
    return send;
  };
  const send: Send = async (command, options) => {
    const { Bucket: bucket } = command.input;
    const region = bucket === undefined ? undefined : regions.get(bucket);
    try {
      return await (region === undefined ? sendHome : senderOf(region))(command, options);
    } catch (error) {
      const told = regionTold(error);
      if (bucket === undefined || told === undefined || told === (region ?? (await home.config.region()))) {
        throw error;
      }
      regions.set(bucket, told);
      return senderOf(told)(command, options);
    }
  };
  home.send = send as unknown as S3Client['send'];
}

/** The region that a bucket is in, where S3 turned a request away for it. The answer to a HEAD has headers alone. */
function regionTold(error: unknown): string | undefined {
  const { code, status } = failureOf(error);
  const { $response, Region } = error as {
    $response?: { headers?: Readonly<Record<string, string>> };
    Region?: unknown;
  };
  const isTurnedAway = status === 301 || code === 'AuthorizationHeaderMalformed' || status === 400;
  if (!isTurnedAway) return undefined;
  const told = $response?.headers?.['x-amz-bucket-region'];
  if (told !== undefined) return told;
  return typeof Region === 'string' && code === 'AuthorizationHeaderMalformed' ? Region : undefined;
}
