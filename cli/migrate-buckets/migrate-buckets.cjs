#!/usr/bin/env node
const Module = require('node:module');

// The sources run as they are: no build step stands between a checkout and `npx migrate-buckets`. Packages
// are plain JavaScript already, and the hook's look at each of their files would cost a third of the start.
const loadJavaScript = Module._extensions['.js'];
require('tsx/cjs');
Module._extensions['.js'] = loadJavaScript;

require('./main.ts');
