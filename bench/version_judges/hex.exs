# Elixir's own Version. Reads lines of two fields, prints what `oakum debug version|range hex` would.
[mode] = System.argv()
for line <- IO.stream(:stdio, :line) do
  [a, b] = line |> String.trim_trailing("\n") |> String.split("\t")
  said =
    if mode == "version" do
      with {:ok, x} <- Version.parse(a), {:ok, y} <- Version.parse(b) do
        case Version.compare(x, y) do
          :lt -> "<"
          :eq -> "="
          :gt -> ">"
        end
      else
        _ -> "!"
      end
    else
      with {:ok, r} <- Version.parse_requirement(a), {:ok, v} <- Version.parse(b) do
        if Version.match?(v, r), do: "yes", else: "no"
      else
        _ -> "!"
      end
    end
  IO.puts(said)
end
