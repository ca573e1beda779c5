#!/usr/bin/env node
const Module = require('node:module');

// Node 20 is what this package supports: the SDK's advice to leave it would stand in every log.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

// The sources run as they are: no build step stands between a checkout and `npx migrate-buckets`. Packages
// are plain JavaScript already, and the hook's look at each of their files would cost a third of the start.
const loadJavaScript = Module._extensions['.js'];
require('tsx/cjs');
Module._extensions['.js'] = loadJavaScript;

require('./main.ts');
