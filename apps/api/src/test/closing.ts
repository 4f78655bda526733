import { afterAll } from 'vitest'
import { closeHouses } from './harness.ts'

afterAll(closeHouses)
