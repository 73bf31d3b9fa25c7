#!/usr/bin/perl
# Says whether the Pandora FMS data server would take an agent's data file, or
# a plugin's output inside one, without losing anything.
#
#   oracle.pl [FILE]              a data file as the agent wrote it
#   oracle.pl --fragment [FILE]   what a plugin printed; the envelope is added
#
# Without FILE, or with "-", standard input is read. Prints "ok N modules" and
# ends with 0, or prints the first violation and ends with 1.
#
# The parser and its options are the server's (PandoraFMS/Core.pm and
# DataServer.pm: XMLin with a true forcearray, so that every element becomes an
# array). The rules are those of process_module_data, each with what the server
# does to an offender.
use strict;
use warnings;
use XML::Simple;
use XML::Parser;

$XML::Simple::PREFERRED_PARSER = 'XML::Parser';

my $fragment = 0;
if (@ARGV && $ARGV[0] eq '--fragment') { $fragment = 1; shift @ARGV }
die "usage: oracle.pl [--fragment] [FILE]\n" if @ARGV > 1;

my $xml = do {
    my $in = \*STDIN;
    if (@ARGV && $ARGV[0] ne '-') {
        undef $in;
        open $in, '<', $ARGV[0] or die "$ARGV[0]: $!\n";
    }
    binmode $in;
    local $/;
    my $all = <$in>;
    defined $all ? $all : '';
};

# What the agent writes around it; nothing but an empty module list would be
# left of an envelope that the fragment closed by itself.
if ($fragment) {
    $xml = "<?xml version='1.0' encoding='UTF-8'?>\n"
        . "<agent_data agent_name='oracle' timestamp='2026/01/01 00:00:00' interval='300' version='1'>\n"
        . $xml . '</agent_data>';
}

sub reject { my ($what) = @_; $what =~ s/[^ -~]/?/g; print "$what\n"; exit 1 }

# Tags the server knows inside <module>. Any other ends up as text in
# extended_info. timestamp is known and not here: for a plain value the server
# computes with the array itself. descripcion is an alias of description.
my %known = map { $_ => 1 } qw(
    name type data description descripcion unit min max
    min_warning max_warning min_critical max_critical warning_inverse critical_inverse
    str_warning str_critical
    min_warning_forced max_warning_forced min_critical_forced max_critical_forced
    str_warning_forced str_critical_forced
    module_interval module_group tags alert_template custom_id status
    critical_instructions warning_instructions unknown_instructions
    disabled quiet post_process min_ff_event min_ff_event_normal min_ff_event_warning
    min_ff_event_critical each_ff ff_type ff_timeout module_ff_interval
    module_parent module_parent_unlink
);
my %number = map { $_ => 1 } qw(
    generic_data generic_proc generic_data_inc generic_data_inc_abs async_proc async_data
);
my %type = (%number, map { $_ => 1 } qw(generic_data_string async_string keep_alive));
my %group = map { lc $_ => 1 } qw(
    General Networking Application System Miscellaneous Performance Database Enviromental Users Security
);
my @numeric_tags = qw(
    min max min_warning max_warning min_critical max_critical warning_inverse critical_inverse
    disabled quiet post_process min_ff_event min_ff_event_normal min_ff_event_warning
    min_ff_event_critical each_ff ff_type ff_timeout module_ff_interval module_parent_unlink
);
my $number = qr/\A[+-]?[0-9]+(?:[.,][0-9]+)?\z/;

# XML::Simple drops attributes it folds and warns about what it cannot; a
# warning means the tree is not what was written.
my $warned = '';
local $SIG{__WARN__} = sub { $warned ||= $_[0] };
my $data = eval { XMLin($xml, forcearray => 'module') };
reject("the whole file is BADXML: $@") unless defined $data;
reject("the parser warns: $warned") if $warned;
reject('the root has no element') unless ref $data eq 'HASH';

reject('text between modules') if exists $data->{content};
if ($fragment) {
    my %agent = map { $_ => 1 } qw(agent_name timestamp interval version module);
    for my $tag (sort keys %$data) {
        reject("<$tag> beside the modules") unless $agent{$tag};
    }
}
my $modules = exists $data->{module} ? $data->{module} : [];
reject('modules carry attributes and were folded') unless ref $modules eq 'ARRAY';

my (%seen, $count);
for my $module (@$modules) {
    $count++;
    reject("module $count has no elements") unless ref $module eq 'HASH';
    my $label = "module $count";
    my %value;
    for my $tag (sort keys %$module) {
        my $values = $module->{$tag};
        reject("$label: text between tags") if $tag eq 'content';
        reject("$label: attribute $tag is ignored") unless ref $values eq 'ARRAY';
        reject("$label: <timestamp> makes the server compute garbage") if $tag eq 'timestamp';
        reject("$label: unknown tag <$tag>") unless $known{$tag};
        reject("$label: <$tag> is repeated, only the first counts")
            if @$values > 1 && $tag ne 'alert_template';
        for my $value (@$values) {
            reject("$label: <$tag> is empty or has an attribute or children") if ref $value;
            reject("$label: <$tag> is blank") if $value !~ /\S/;
        }
        $value{$tag} = $values->[0];
    }
    for my $tag (qw(name type data)) {
        reject("$label: no <$tag>") unless exists $value{$tag};
    }
    my $name = $value{name};
    reject("$label: line break in the name is removed") if $name =~ /[\r\n]/;
    reject("$label: outer blanks make it another module") if $name =~ /\A\s|\s\z/;
    reject("$label: name is longer than 100 characters") if length $name > 100;
    # The database compares names by its collation: case does not matter.
    reject("$label: name \"$name\" is there twice") if $seen{lc $name}++;
    $label = "module \"$name\"";

    reject("$label: unknown type $value{type}") unless $type{$value{type}};
    if ($number{$value{type}}) {
        reject("$label: data is not a number") unless $value{data} =~ $number;
        if (exists $value{min} && exists $value{max}) {
            my ($n, $min, $max) = map { my $v = $value{$_}; $v =~ tr/,/./; $v } qw(data min max);
            reject("$label: <min> or <max> is not a number") if grep { $_ !~ $number } $min, $max;
            reject("$label: data is outside min and max") if $min != $max && ($n < $min || $n > $max);
        }
    }
    for my $tag (@numeric_tags) {
        next unless exists $value{$tag};
        reject("$label: <$tag> is not a number") unless $value{$tag} =~ $number;
    }
    reject("$label: status is none of the three words")
        if exists $value{status} && $value{status} !~ /\A(?:NORMAL|WARNING|CRITICAL)\z/i;
    reject("$label: module_interval is no multiple of the interval")
        if exists $value{module_interval} && $value{module_interval} !~ /\A[1-9][0-9]*\z/;
    reject("$label: group is not in the default database")
        if exists $value{module_group} && !$group{lc $value{module_group}};
    reject("$label: both description and descripcion")
        if exists $value{description} && exists $value{descripcion};
    reject("$label: custom_id is longer than 255") if length($value{custom_id} // '') > 255;

    # TEXT columns. Names and texts are stored entity-encoded; six bytes for
    # each character that is not alphanumeric is the worst case.
    for my $tag (sort keys %value) {
        next if $tag eq 'data';
        my $stored = $value{$tag};
        utf8::encode($stored) if utf8::is_utf8($stored);
        my $special = () = $stored =~ /[^A-Za-z0-9]/g;
        reject("$label: <$tag> does not fit its column") if length($stored) + 5 * $special > 65535;
    }
    # The server's database connection speaks three-byte UTF-8.
    for my $tag (sort keys %value) {
        reject("$label: <$tag> holds a character above U+FFFF") if $value{$tag} =~ /[^\x{0}-\x{ffff}]/;
    }
}
reject('no module') unless $count;
print "ok $count modules\n";
