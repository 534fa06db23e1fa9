# Starts the children of an installation that starts many of them: see fork-server.ts.
# Its argument is a folder for logs that are made ahead, on the file system of the logs.
#
# Always has one process ready, forked ahead, that waits for a request on standard input, becomes the requested program,
# and is waited for. Answers on standard output, a line each:
#   R PID TICKS  ready (start time in clock ticks since boot; 0 where there is no /proc)
#   E ERRNO      the requested program could not be started; X follows
#   X STATUS     it ended, with this status of wait(2)
#
# A request is the length of its body (4 bytes, big-endian), and the body, fields with a zero byte between them: the pid
# it is meant for, the log to append to, the working folder (empty: as it is), the number of words of the command, these
# words, and what differs in the environment: NAME=VALUE, or NAME for what is not in it.
use strict;

# Beyond the standard ones, descriptors close when a program is started.
open my $requests, '<&', \*STDIN or die;
open my $answers, '>&', \*STDOUT or die;
open STDIN, '<', '/dev/null' or die;

my $server = $$;
my ($folder) = @ARGV;
mkdir $folder, 0700;

while (defined(my $child = fork)) {
    if (!$child) {
        make_log_ahead();
        # A signal to its group reaches it and its descendants, and nobody else. (A session of its own, which takes the
        # POSIX module, would cost a tenth of a step; the one that this process leads has no terminal, either.)
        setpgrp;
        # Once for nothing: pages that are shared with the parent are copied now and not when there is something to do.
        become("\0/dev/null\0\0001\0/nowhere\0NOTHING");
        answer("R $$ " . start_ticks());
        become(request());
        answer('E ' . ($! + 0));
        exit(127);
    }
    waitpid $child, 0;
    answer("X $?");
    unlink "$folder/$child";
}

sub become {
    my ($pid, $log, $cwd, $count, @rest) = split /\0/, $_[0], -1;
    my @words = splice @rest, 0, $count;
    for (@rest) {
        my ($name, $value) = split /=/, $_, 2;
        if (defined $value) { $ENV{$name} = $value }
        else                { delete $ENV{$name} }
    }
    # An installation does not end for a log that cannot be written.
    take_log_ahead($log) or open_log(*STDOUT, $log) or open STDOUT, '>', '/dev/null';
    open STDERR, '>&', \*STDOUT;
    chdir $cwd or return if length $cwd;
    exec { $words[0] } @words;
}

# A file system that has lately deleted many files takes long to make one (ext4 does not give their inodes away yet): one
# that is there needs only its name. In a folder of its own, since a folder is locked for as long.
sub make_log_ahead { open_log(*AHEAD, "$folder/$$") }

sub take_log_ahead { link "$folder/$$", $_[0] and open STDOUT, '>&', \*AHEAD }

sub open_log {
    my ($handle, $path) = @_;
    my $mask = umask 0077;
    my $opened = open $handle, '>>', $path;
    umask $mask;
    return $opened;
}

sub request {
    my $read = '';
    until (length $read >= 4 and length $read >= 4 + unpack 'N', $read) {
        sysread $requests, $read, 65536, length $read or end();
    }
    my $body = substr $read, 4;
    # Left over by one that was killed before it could obey: it counts as ended, and must not run after all.
    end() unless $body =~ /^$$\0/;
    return $body;
}

# Nothing more will be asked: the engine is gone, or has given us up.
sub end {
    unlink "$folder/$$";
    rmdir $folder;
    kill TERM => $server if getppid == $server;
    exit(0);
}

sub start_ticks {
    open my $file, '<', '/proc/self/stat' or return 0;
    # Field 22 of proc(5). The name of the program, which may hold anything, is in the parentheses before the third.
    my ($fields) = <$file> =~ /.*\) (.*)/s;
    return (split / /, $fields)[19];
}

sub answer { syswrite $answers, "$_[0]\n" }
