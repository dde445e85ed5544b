# Samba on loopback, and clients with connections of their own.
prepare_server() {
    # The kernel cannot call modprobe by itself: its modules lie elsewhere.
    for module in hmac md5 cmac sha512 aes ctr ecb ccm gcm ghash seqiv cifs; do
        modprobe -d /run/modules "$module"
    done
    cat >/run/samba/smb.conf <<CONF
[global]
    server role = standalone server
    map to guest = Bad User
    interfaces = lo
    bind interfaces only = yes
    smb ports = 445
    disable netbios = yes
    load printers = no
    private dir = /run/samba
    lock directory = /run/samba
    state directory = /run/samba
    cache directory = /run/samba
    pid directory = /run/samba
    ncalrpc dir = /run/samba/ncalrpc
    log file = /run/samba/log
[share]
    path = /media/disk/share
    guest ok = yes
    read only = no
    force user = root
CONF
}

start_server() {
    smbd -D -l /run/samba -s /run/samba/smb.conf
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        ss -ltn | grep -q ':445 ' && break
        sleep 0.2
    done
}

stop_server() {
    pkill -KILL -x smbd
}

mount_client() {
    mount -t cifs -o guest,vers=3.0,nosharesock,soft,actimeo=1,uid=0,file_mode=0644 \
        //127.0.0.1/share "$1"
}
