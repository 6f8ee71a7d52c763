#!/bin/sh
# Make this process the systemd of a box: a copy-on-write view of this machine with its own processes,
# network, mounts and journal. Called in fresh namespaces by box.py, with an empty folder to work in
# and the folder to be seen as /opt/syncd.
set -eu
work=$1 program=$2
root=$work/root

mount -t tmpfs -o mode=755 box "$work"
mkdir "$work/upper" "$work/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" box "$root"

mount -t proc proc "$root/proc"
# Read-only before anything boots: its services must not change the settings of this machine.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
# Empty, so that booting neither clears nor reads what this machine keeps there.
for folder in run tmp var/tmp var/log srv home; do
    mkdir -p "$root/$folder"
    mount -t tmpfs -o mode=755 box "$root/$folder"
done
chmod 1777 "$root/tmp" "$root/var/tmp"

mount -t tmpfs -o mode=755 box "$root/dev"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777 box "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ip link set lo up

units=$root/etc/systemd/system
mkdir -p "$units" "$root/opt/syncd"
mount --bind "$program" "$root/opt/syncd"
cat >"$units/box.target" <<'UNIT'
[Unit]
Requires=basic.target
Wants=dbus.socket systemd-logind.service
After=basic.target
AllowIsolate=yes
UNIT
for unit in systemd-remount-fs.service systemd-firstboot.service systemd-timesyncd.service \
    systemd-networkd.service e2scrub_reap.service e2scrub_all.timer apt-daily.timer \
    apt-daily-upgrade.timer man-db.timer dpkg-db-backup.timer fstrim.timer logrotate.timer; do
    ln -sf /dev/null "$units/$unit"
done
: >"$root/etc/fstab"

cd "$root"
mkdir -p outside
pivot_root . outside
umount -l /outside
# Credentials and sandboxes are mounts that the units' own namespaces have to see.
mount --make-rshared /
exec env -i container=box PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=box.target
