import { mailId } from '@veche/shared/schemas/fields'
import { z } from 'zod'
import { job } from '../platform/work/jobs.ts'
import { dueMails, sendMail } from './delivery.ts'

export const jobs = [
  job({
    name: 'mail.send',
    payload: z.strictObject({ mailId }),
    run: (deps, payload) => sendMail(deps, payload.mailId),
    due: dueMails,
  }),
]
