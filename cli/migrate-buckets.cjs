#!/usr/bin/env node
// Node 20 is what this package supports: the SDK's advice to leave it would stand in every log.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
// The sources run as they are: no build step stands between a checkout and `npx migrate-buckets`.
require('tsx/cjs');
require('./main.ts');
