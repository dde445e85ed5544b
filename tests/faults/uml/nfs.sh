# An NFS 4.2 server on loopback, and clients that share no cache with one another.
prepare_server() {
    modprobe -d /run/modules nfsd
    modprobe -d /run/modules nfsv4
    mkdir -p /var/lib/nfs/v4recovery /var/lib/nfs/rpc_pipefs
    touch /var/lib/nfs/etab /var/lib/nfs/rmtab
    mount -t nfsd nfsd /proc/fs/nfsd
    mount -t rpc_pipefs rpc_pipefs /var/lib/nfs/rpc_pipefs
    # 10 s is the least that the kernel takes; a restarted server waits so long.
    echo 10 >/proc/fs/nfsd/nfsv4leasetime
    echo 10 >/proc/fs/nfsd/nfsv4gracetime
    echo /var/lib/nfs/v4recovery >/proc/fs/nfsd/nfsv4recoverydir
    rpc.mountd --no-nfs-version 3 --no-udp 2>/dev/null
    exportfs -o rw,no_root_squash,no_subtree_check,fsid=0,insecure \
        127.0.0.1:/media/disk/share
}

start_server() {
    rpc.nfsd -N 3 -V 4.2 -U 4
}

stop_server() {
    rpc.nfsd 0
}

mount_client() {
    mount -t nfs4 -o vers=4.2,nosharecache,soft,timeo=20,retrans=1,actimeo=1 \
        127.0.0.1:/ "$1"
}
