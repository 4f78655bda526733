#!/bin/sh
# Firefox listens on a port, and would outlive a test run that is killed: the kernel ends the relay with the run, and Firefox with the relay.
exec setpriv --pdeathsig KILL -- node "$(dirname "$0")/bidi-relay.ts" "$@"
