#!/usr/bin/env node
import { main } from './main.ts';

void main('create-cluster', process.argv.slice(2));
