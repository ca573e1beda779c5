import { createServer, type IncomingMessage } from 'node:http';
import { LOCAL_ACCOUNT } from '../account';
import { announce, listenOnLoopback, readBody } from '../processes/loopback';
import { type Answer, answerTarget } from './json-targets';
import { answerLambda } from './lambda';
import { type ControlPlaneState, declared, LOCAL_PATH, withdrawn } from './state';

const NOT_IMPLEMENTED: Answer = {
  status: 501,
  body: { __type: 'NotImplemented', message: 'The local control plane does not know this request.' },
};

const CALLER_IDENTITY = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::${LOCAL_ACCOUNT}:user/local</Arn><UserId>AIDALOCAL</UserId><Account>${LOCAL_ACCOUNT}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata></GetCallerIdentityResponse>`;

/** Secrets Manager, STS and the read-only parts of Lambda and Step Functions: what the account is said to hold. */
async function main(): Promise<void> {
  const home = process.env.AWS_REGION ?? 'us-east-1';
  let state: ControlPlaneState = {};

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://local');
    const body = (await readBody(request)).toString();
    if (url.pathname === `${LOCAL_PATH}declare`) state = declared(state, JSON.parse(body));
    if (url.pathname === `${LOCAL_PATH}withdraw`) state = withdrawn(state, JSON.parse(body));

    if (new URLSearchParams(body).get('Action') === 'GetCallerIdentity') {
      response.writeHead(200, { 'content-type': 'text/xml' }).end(CALLER_IDENTITY);
      return;
    }
    const region = signedFor(request) ?? home;
    const { status, body: answer } = answerJson(request, url, body, state, region);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  announce(await listenOnLoopback(server, Number(process.argv[2] ?? 0)));
}

/** The region in the scope of a request's signature: each has things of its own. */
const signedFor = ({ headers }: IncomingMessage): string | undefined =>
  /Credential=[^/]*\/\d{8}\/([^/]+)\//.exec(headers.authorization ?? '')?.[1];

function answerJson(
  request: IncomingMessage,
  url: URL,
  body: string,
  state: ControlPlaneState,
  region: string,
): Answer {
  if (url.pathname.startsWith(LOCAL_PATH)) return { status: 200, body: {} };
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    return answerTarget(target, JSON.parse(body || '{}'), state, region) ?? NOT_IMPLEMENTED;
  }
  const found = request.method === 'GET' ? answerLambda(url, state, region) : undefined;
  return found === undefined ? NOT_IMPLEMENTED : { status: 200, body: found };
}

void main();
