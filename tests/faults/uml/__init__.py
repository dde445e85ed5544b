"""A second kernel as an ordinary process: real NFS and SMB, servers and clients."""
