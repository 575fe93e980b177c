#!/usr/bin/env node
import { start } from '@forge/cli/start';

await start('forge-translate', [20, 19], () => import('../dist/main.js'));
