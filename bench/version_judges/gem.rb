# RubyGems itself. Reads lines of two fields, prints what `oakum debug version|range gem` would.
mode = ARGV[0]
STDIN.binmode.each_line(chomp: true) do |line|
  a, b = line.split("\t", -1)
  begin
    if mode == "version"
      puts({-1 => "<", 0 => "=", 1 => ">"}[Gem::Version.new(a) <=> Gem::Version.new(b)])
    else
      puts Gem::Requirement.new(*a.split(",", -1)).satisfied_by?(Gem::Version.new(b)) ? "yes" : "no"
    end
  rescue ArgumentError
    puts "!"
  end
end
