#!/bin/sh
# The kernel ends the bridge with the test run that started it, and what the bridge started with the bridge.
exec setpriv --pdeathsig KILL -- node "$(dirname "$0")/bidi-bridge.ts"
