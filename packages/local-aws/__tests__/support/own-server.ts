import { createServer } from 'node:http';
import { announce, listenOnLoopback } from '../../src';

/** A server that a user of the package wrote: it answers everything, and says where. */
async function main(): Promise<void> {
  announce(await listenOnLoopback(createServer((_, response) => response.end('here'))));
}

void main();
