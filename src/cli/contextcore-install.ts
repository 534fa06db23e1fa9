#!/usr/bin/env node
import { main } from './main.ts';

void main('contextcore-install', process.argv.slice(2));
