#!/usr/bin/env node
import { start } from '@forge/cli/start';

await start('forge-gateway', [22, 12], () => import('../dist/main.js'));
