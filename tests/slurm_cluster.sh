#!/usr/bin/env bash
# A SLURM cluster of one node, this machine, in a scratch folder: slurm_cluster.sh start|stop FOLDER
# Commands find it by SLURM_CONF=FOLDER/slurm.conf. Needs root, and Debian's slurm-wlm and munge, which `start` installs.
set -eu
action=$1 folder=$2
if [ "$action" = stop ]; then
    for name in slurmd slurmctld munged; do
        [ -e "$folder/$name.pid" ] && kill "$(cat "$folder/$name.pid")" 2>/dev/null || true
    done
    exit 0
fi
missing=""
for name in slurmctld slurmd munged sbatch; do command -v "$name" >/dev/null || missing=yes; done
if [ -n "$missing" ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends slurm-wlm munge >"$folder/apt.log" 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends slurm-wlm munge; } >>"$folder/apt.log" 2>&1
fi
read -r controller node < <(python3 -c '
import socket
ports = [socket.socket() for _ in range(2)]
for port in ports: port.bind(("", 0))
print(*(port.getsockname()[1] for port in ports))')
mkdir -p "$folder/state" "$folder/spool"
dd if=/dev/urandom of="$folder/munge.key" bs=128 count=1 status=none
chmod 600 "$folder/munge.key"
host=$(hostname -s)
cat >"$folder/slurm.conf" <<END
ClusterName=scratch
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=$controller
SlurmdPort=$node
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$folder/munge.socket,cred_expire=5
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=10
SchedulerParameters=batch_sched_delay=0,sched_interval=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munged.log" --seed-file="$folder/munged.seed"
slurmctld -f "$folder/slurm.conf"
slurmd -f "$folder/slurm.conf"
export SLURM_CONF=$folder/slurm.conf
for _ in $(seq 60); do
    sinfo --noheader --format=%t 2>/dev/null | grep -q idle && exit 0
    sleep 0.5
done
echo "no node is ready after 30 s; see the logs in $folder" >&2
exit 1
