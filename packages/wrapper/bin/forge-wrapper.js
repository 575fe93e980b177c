#!/usr/bin/env node
import { start } from '@forge/cli/start';

await start('forge-wrapper', [20, 19], () => import('../dist/main.js'));
