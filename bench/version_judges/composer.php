<?php
// Composer's own package composer/semver. Reads lines of two fields, prints what `oakum debug version|range composer` would.
require 'Composer/Semver/autoload.php';
use Composer\Semver\VersionParser;
use Composer\Semver\Constraint\Constraint;
$parser = new VersionParser();
foreach (explode("\n", rtrim(stream_get_contents(STDIN), "\n")) as $line) {
    [$a, $b] = explode("\t", $line);
    try {
        if ($argv[1] === 'version') {
            $x = $parser->normalize($a);
            $y = $parser->normalize($b);
            $said = '!'; // branches have no order
            foreach (['==' => '=', '<' => '<', '>' => '>'] as $op => $word) {
                if ((new Constraint($op, $y))->matchSpecific(new Constraint('==', $x))) $said = $word;
            }
            echo $said, "\n";
        } else {
            $range = $parser->parseConstraints($a);
            echo $range->matches(new Constraint('==', $parser->normalize($b))) ? "yes\n" : "no\n";
        }
    } catch (\UnexpectedValueException $e) {
        echo "!\n";
    }
}
