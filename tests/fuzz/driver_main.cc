// Runs a fuzz target without libFuzzer: replays every file of the corpus folder given as the first
// argument, then seeded mutations of them (count: second argument; seed: third, else 1), the same
// ones at each run. A fourth argument names a file that gets each input before it is run, so that
// it holds the one that ends the program. An input that takes longer than kInputSecondsMax ends it.

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;
constexpr size_t kInputBytesMax = 64 * 1024;
// Of a build with sanitizers on a busy machine; without them an input takes milliseconds.
constexpr unsigned kInputSecondsMax = 60;

std::vector<Bytes> LoadCorpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Bytes> corpus;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return corpus;
}

void MutateOnce(Bytes& bytes, std::mt19937_64& random) {
  const auto byte = static_cast<uint8_t>(random());
  if (bytes.empty()) {
    bytes.push_back(byte);
    return;
  }
  const size_t at = random() % bytes.size();
  const auto position = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  switch (random() % 6) {
    case 0:
      bytes[at] = static_cast<uint8_t>(bytes[at] ^ (1U << (random() % 8)));
      break;
    case 1:
      bytes[at] = byte;
      break;
    case 2:
      bytes[at] = (byte & 1) != 0 ? 0xFF : 0x00;
      break;
    case 3:
      if (bytes.size() < kInputBytesMax) bytes.insert(position, 1 + random() % 16, byte);
      break;
    case 4:
      bytes.erase(position,
                  position + std::min<std::ptrdiff_t>(bytes.end() - position, 1 + byte % 16));
      break;
    default:
      bytes.resize(at);
  }
}

void Run(const Bytes& bytes, const char* keep_in) {
  if (keep_in != nullptr) {
    std::ofstream out(keep_in, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
  }
  alarm(kInputSecondsMax);
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  alarm(0);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<Bytes> corpus = LoadCorpus(argc > 1 ? argv[1] : "");
  const int mutations = argc > 2 ? std::atoi(argv[2]) : 20000;
  const uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  const char* const keep_in = argc > 4 ? argv[4] : nullptr;
  for (const Bytes& bytes : corpus) Run(bytes, keep_in);
  LLVMFuzzerTestOneInput(nullptr, 0);

  std::mt19937_64 random(seed);
  for (int i = 0; i < mutations; ++i) {
    Bytes bytes;
    if (!corpus.empty()) {
      bytes = corpus[random() % corpus.size()];
    } else {
      bytes.resize(random() % 512);
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    }
    for (uint64_t left = 1 + random() % 8; left > 0; --left) MutateOnce(bytes, random);
    Run(bytes, keep_in);
  }
  std::printf("%zu corpus inputs, %d mutations\n", corpus.size(), mutations);
  return 0;
}
