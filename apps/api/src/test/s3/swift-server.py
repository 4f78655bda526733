"""The four servers of OpenStack Swift in one process, for tests: account, container, object, and the proxy, which speaks S3.

Each is as Debian packages it (python3-swift); together they start in a second. Arguments: a folder, and the port of S3 or 0. It says
`ready <port>` and ends with its standard input.
"""
import os
import sys

import eventlet
import eventlet.wsgi

eventlet.monkey_patch(os=False)

folder = os.path.abspath(sys.argv[1])
etc = os.path.join(folder, "etc")
devices = os.path.join(folder, "devices")
os.makedirs(etc, exist_ok=True)
os.makedirs(os.path.join(devices, "d1"), exist_ok=True)


def write(name, text):
    path = os.path.join(etc, name)
    with open(path, "w") as file:
        file.write(text)
    return path


write("swift.conf", """
[swift-hash]
swift_hash_path_suffix = test
[storage-policy:0]
name = one
default = yes
""")

from swift.common import utils
from swift.common.storage_policy import reload_storage_policies

utils.SWIFT_CONF_FILE = os.path.join(etc, "swift.conf")
utils.HASH_PATH_SUFFIX = b"test"
reload_storage_policies()

from swift.common.ring import RingBuilder
from swift.common.http_protocol import SwiftHttpProtocol
from swift.common.wsgi import loadapp

common = """
[DEFAULT]
swift_dir = %s
devices = %s
mount_check = false
disable_fallocate = true
log_address = /nowhere
log_level = ERROR
""" % (etc, devices)


def build_ring(name, port):
    builder = RingBuilder(4, 1, 0)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1", "weight": 1.0})
    builder.rebalance()
    builder.get_ring().save(os.path.join(etc, name + ".ring.gz"))


def serve(socket, conf):
    app = loadapp(conf, global_conf={"log_name": os.path.basename(conf)})
    eventlet.spawn(eventlet.wsgi.server, socket, app, log=open(os.devnull, "w"), debug=False, protocol=SwiftHttpProtocol,
                   keepalive=True, socket_timeout=600)


sockets = {}
for name in ("account", "container", "object"):
    sockets[name] = eventlet.listen(("127.0.0.1", 0))
    build_ring(name, sockets[name].getsockname()[1])
for name, socket in sockets.items():
    text = "%s[pipeline:main]\npipeline = app\n[app:app]\nuse = egg:swift#%s\n" % (common, name)
    serve(socket, write(name + ".conf", text))

proxy = eventlet.listen(("127.0.0.1", int(sys.argv[2])))
serve(proxy, write("proxy.conf", common + """
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
# A test that takes the disk away and gives it back goes on at once.
error_suppression_interval = 0.01
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
# Nobody listens there: it does without.
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
"""))
print("ready %d" % proxy.getsockname()[1], flush=True)
eventlet.tpool.execute(sys.stdin.read)
