#!/bin/sh
# First process of the guest. Its root is the host's, read-only, through hostfs.
# Wanted from the kernel's command line: GUEST_SHARE (nfs or cifs), GUEST_PYTHON,
# GUEST_PATH (for imports), GUEST_TASK (a script), GUEST_OUT (a folder of the host).
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run LANG=C.UTF-8
export PYTHONPATH="$GUEST_PATH" PYTHONDONTWRITEBYTECODE=1
export TMPDIR=/run

mount -t proc proc /proc
mount -t sysfs sys /sys
for place in /run /media /dev/shm /var/lib/nfs; do
    mkdir -p "$place"
    mount -t tmpfs tmpfs "$place"
done
mkdir -p /run/modules/lib /run/samba /run/out /media/disk /media/a /media/b
mount -t hostfs none /run/out -o "$GUEST_OUT"
ln -s /usr/lib/uml/modules /run/modules/lib/modules
ip link set lo up
hostname guest

mkfs.ext4 -qF /dev/ubda
mount /dev/ubda /media/disk
mkdir -m 777 /media/disk/share

. "$GUEST_PATH/uml/$GUEST_SHARE.sh"
prepare_server
start_server
for client in a b; do
    mount_client "/media/$client" || echo "cannot mount client $client"
done
grep " /media/" /proc/mounts

"$GUEST_PYTHON" "$GUEST_TASK"
echo "task ended with $?"
echo o >/proc/sysrq-trigger
sleep 10
